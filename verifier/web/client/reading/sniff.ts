/**
 * What is this file: by its first bytes, never by its name or declared type.
 *
 * Limits of size are checked before anything is decoded.
 */
export const MAX_BYTES = 50 * 1024 * 1024;

export type FileKind = "pdf" | "image" | "heic" | "unknown";

const IMAGES: readonly (readonly number[])[] = [
  [0x89, 0x50, 0x4e, 0x47], // PNG
  [0xff, 0xd8, 0xff], // JPEG
  [0x47, 0x49, 0x46, 0x38], // GIF
  [0x42, 0x4d], // BMP
];
const HEIC_BRANDS = new Set(["heic", "heix", "hevc", "mif1", "msf1"]);

/** Tell a file's kind from its first bytes (1,024 are enough). */
export function sniff(head: Uint8Array): FileKind {
  const text = String.fromCharCode(...head.subarray(0, 1024));
  // PDF readers accept up to 1,024 bytes before the header.
  if (text.includes("%PDF-")) return "pdf";
  if (IMAGES.some((start) => start.every((byte, place) => head[place] === byte))) return "image";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image";
  if (text.slice(4, 8) === "ftyp") {
    const brand = text.slice(8, 12);
    if (brand.startsWith("avif")) return "image";
    if (HEIC_BRANDS.has(brand)) return "heic";
  }
  return "unknown";
}
