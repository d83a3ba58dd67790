/** Every test of the twins in one page: `outcomes()` runs them, for pytest. */
import "../lists.test.ts";
import "../seal.test.ts";
import "../symbols.test.ts";
import "../towncode.test.ts";
import "../twins.test.ts";
import "../twoddoc.test.ts";

import { run } from "./test.ts";

Object.assign(globalThis, { outcomes: run });
