/** The `node:test` of Chromium: tests one after another, each with its outcome for pytest. */

type Act = (context: { skip(why: string): never }) => unknown;
interface Options {
  readonly skip?: string | false;
}

/** `fault` is null where the test passed. */
export interface Outcome {
  readonly name: string;
  readonly fault: string | null;
}

const registered: { readonly name: string; readonly act: Act }[] = [];
const first: Act[] = [];

/** Register something to do before the tests. */
export function before(act: Act): void {
  first.push(act);
}

/** Register a test. Nothing may be absent here: what Node skips fails. */
export function test(name: string, options: Options | Act, act?: Act): void {
  if (typeof options === "function") registered.push({ name, act: options });
  else if (typeof options.skip === "string") registered.push({ name, act: () => skip(String(options.skip)) });
  else if (act !== undefined) registered.push({ name, act });
}

function skip(why: string): never {
  throw new Error(`skipped: ${why}`);
}

/** Run all that was registered. */
export async function run(): Promise<Outcome[]> {
  for (const act of first) await act({ skip });
  const outcomes: Outcome[] = [];
  for (const { name, act } of registered) {
    try {
      await act({ skip });
      outcomes.push({ name, fault: null });
    } catch (problem) {
      outcomes.push({ name, fault: problem instanceof Error ? `${problem.message}\n${problem.stack ?? ""}` : String(problem) });
    }
  }
  return outcomes;
}
