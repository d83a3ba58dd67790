/** The camera: pictures one after another until the caller has what it wants, then off. */
import { pixelsOf } from "../reading/pages.ts";

/** Why there is no picture: a name that the screen knows. */
export class NoCameraError extends Error {
  constructor(readonly why: "absent" | "refused" | "busy") {
    super(`got a camera that is ${why}`);
  }
}

/** A running camera. `picture` is null until the first one has come. */
export interface Camera {
  picture(): ImageData | null;
  stop(): void;
}

const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
};

/** Start the camera and show it; throw NoCameraError. */
export async function startCamera(video: HTMLVideoElement): Promise<Camera> {
  // Absent outside secure contexts, whatever the DOM's types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new NoCameraError("absent");
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia(WANTED);
  } catch (problem) {
    const name = problem instanceof DOMException ? problem.name : "";
    if (name === "NotAllowedError") throw new NoCameraError("refused");
    throw new NoCameraError(name === "NotReadableError" ? "busy" : "absent");
  }
  video.srcObject = stream;
  await video.play();
  return {
    picture: () => (video.videoWidth > 0 ? pixelsOf(video, video.videoWidth, video.videoHeight) : null),
    stop: () => {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}
