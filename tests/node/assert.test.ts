/** The assertions that Chromium gets judge as Node's own. */
import assert from "node:assert/strict";
import { test } from "node:test";

import ours from "./browser/assert.ts";

class Point {
  constructor(readonly x: number) {}
}

const VALUES: readonly (() => unknown)[] = [
  ...[0, -0, 1, NaN, "", "1", null, undefined, true, false].map((one) => () => one),
  () => [],
  () => ({}),
  () => [1, [2, { a: "b" }]],
  () => [1, [2, { a: "c" }]],
  () => [undefined],
  () => ({ a: undefined }),
  () => ({ b: undefined }),
  () => ({ a: 1, b: 2 }),
  () => ({ b: 2, a: 1 }),
  () => Uint8Array.of(1, 2),
  () => Uint8Array.of(1, 3),
  () => Uint8ClampedArray.of(1, 2),
  () => [1, 2],
  () => [1, 2, 3],
  () => new Point(1),
  () => new Point(2),
  () => ({ x: 1 }),
];

function outcome(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

test("equality, one level or all the way down", () => {
  for (const [first, one] of VALUES.entries()) {
    for (const [second, other] of VALUES.entries()) {
      for (const name of ["equal", "notEqual", "deepEqual"] as const) {
        const judged = outcome(() => {
          ours[name](one(), other());
        });
        const told = outcome(() => {
          assert[name](one(), other());
        });
        assert.equal(judged, told, `${name} ${first} ${second}`);
      }
    }
  }
});

test("truth, and what is thrown", () => {
  const [truth, itsTruth]: ((one: unknown) => void)[] = [ours.ok, assert.ok];
  for (const one of VALUES) {
    const judged = outcome(() => truth?.(one()));
    assert.equal(judged, outcome(() => itsTruth?.(one())));
  }
  const wrong = (): never => {
    throw new TypeError("x");
  };
  for (const expected of [TypeError, RangeError, () => true, () => false]) {
    const judged = outcome(() => {
      ours.throws(wrong, expected);
    });
    const told = outcome(() => {
      assert.throws(wrong, expected);
    });
    assert.equal(judged, told);
  }
  assert.ok(!outcome(() => { ours.throws(() => 1, TypeError); }));
  assert.ok(!outcome(() => ours.fail()));
});
