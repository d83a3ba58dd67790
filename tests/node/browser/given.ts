/** What the tests are told, in Chromium: the value that Node wrote beside the page. */
import type { Given } from "../given.ts";

const answer = await fetch("given.json");
export const GIVEN = (await answer.json()) as Given;
