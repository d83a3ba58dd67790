/** Workers start from our own hashed files, through the one policy, or not at all. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { scriptUrl } from "../../vault/web/client/ports/trusted.ts";

test("a hashed file of ours passes, as text where there are no Trusted Types", () => {
  assert.equal(scriptUrl("/static/reader-33F3F5C976CF.js"), "/static/reader-33F3F5C976CF.js");
});

test("the verifier's service worker passes at its one address", () => {
  assert.equal(scriptUrl("/verifier/service.js"), "/verifier/service.js");
});

for (const url of [
  "/verifier/service.js?x",
  "/api/verifier/service.js",
  "https://example.org/static/reader-33F3F5C976CF.js",
  "//example.org/static/reader-33F3F5C976CF.js",
  "/static/../x-33F3F5C976CF.js",
  "/static/reader.js",
  "/static/reader-33F3F5C976CF.js?x",
  "data:text/javascript,1",
  "blob:x",
  "",
]) {
  test(`refused: ${url}`, () => {
    assert.throws(() => scriptUrl(url), TypeError);
  });
}
