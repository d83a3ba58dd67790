/**
 * The `node:assert/strict` of Chromium, as far as the twins' tests use it.
 *
 * `assert.test.ts` holds it to Node's own on a table.
 */
type Expected = ((problem: unknown) => boolean) | (abstract new (...given: never[]) => unknown);

class AssertionError extends Error {}

function fail(message = "failed"): never {
  throw new AssertionError(message);
}

function ok(value: unknown, message = "got nothing true"): asserts value {
  if (!value) fail(message);
}

function equal(actual: unknown, expected: unknown, message = ""): void {
  if (!Object.is(actual, expected)) fail(`${message} got ${written(actual)}, expected ${written(expected)}`);
}

function notEqual(actual: unknown, expected: unknown, message = ""): void {
  if (Object.is(actual, expected)) fail(`${message} got ${written(actual)}`);
}

function deepEqual(actual: unknown, expected: unknown, message = ""): void {
  if (!same(actual, expected)) fail(`${message} got ${written(actual)}, expected ${written(expected)}`);
}

function throws(act: () => unknown, expected: Expected): void {
  try {
    act();
  } catch (problem) {
    if (isClass(expected) ? problem instanceof expected : expected(problem)) return;
    throw problem;
  }
  fail("nothing was thrown");
}

function isClass(expected: Expected): expected is abstract new (...given: never[]) => unknown {
  return Object.getOwnPropertyDescriptor(expected, "prototype")?.writable === false;
}

/** Equal all the way down: kind, keys, values; own keys whose value is undefined count. */
function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isObject(one) || !isObject(other) || !sameKind(one, other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}

function sameKind(one: object, other: object): boolean {
  if (one instanceof Map || one instanceof Set || one instanceof Date) fail("Map, Set and Date are not compared here");
  const sizes = [one, other].map((each) => (Array.isArray(each) ? each.length : 0));
  return Object.getPrototypeOf(one) === Object.getPrototypeOf(other) && sizes[0] === sizes[1];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function written(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one)).slice(0, 2000);
}

export default { ok, equal, notEqual, deepEqual, throws, fail };
