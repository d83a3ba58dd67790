/**
 * The browser's build: one bundle per page, of every area, into `<area>/web/static/NAME-HASH.EXT`.
 *
 *   node build.mjs           write the bundles and `vault/web/static/manifest.json`
 *   node build.mjs --check   build in memory and compare with what is committed
 *   node build.mjs --test    bundle `tests/node/*.test.ts` to a scratch folder and run them
 *   node build.mjs --page FOLDER   bundle those of the twins for a browser: `tests/journeys/test_twins.py`
 *
 * Two builds of the same sources give the same bytes. Nothing is fetched: libraries come from
 * `node_modules`, locked by `package-lock.json`. `manifest.json` gives name -> path and SRI.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const MANIFEST = "vault/web/static/manifest.json";
const AREAS = ["vault", "sealing", "verifier", "consent"];
const TARGET = ["es2022", "chrome109", "firefox115", "safari16.4"];

/** name -> source; `as` is how it is bundled: a module, a classic worker, a style, or copied. */
const ASSETS = {
  "site.css": { from: "vault/web/client/pages/site.css", to: "vault", as: "style" },
  "icon.svg": { from: "vault/web/client/pages/icon.svg", to: "vault", as: "copy" },
  "icon-192.png": { from: "verifier/web/client/pages/icon-192.png", to: "verifier", as: "copy" },
  "icon-512.png": { from: "verifier/web/client/pages/icon-512.png", to: "verifier", as: "copy" },
  "icon-maskable.png": { from: "verifier/web/client/pages/icon-maskable.png", to: "verifier", as: "copy" },
  "offline.js": { from: "verifier/web/client/offline/worker.ts", to: "verifier", as: "iife" },
  "seal.js": { from: "verifier/web/client/checks/seal.ts", to: "verifier", as: "esm" },
  "verify.css": { from: "verifier/web/client/pages/verify.css", to: "verifier", as: "style" },
  "verify.js": { from: "verifier/web/client/pages/verify.ts", to: "verifier", as: "esm" },
  "reader.js": { from: "verifier/web/client/reading/symbols_worker.ts", to: "verifier", as: "iife" },
  "reader.wasm": { from: "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", to: "verifier", as: "copy" },
  "pdf.js": { from: "verifier/web/client/reading/pdf.ts", to: "verifier", as: "esm" },
  "pdf-worker.js": { from: "node_modules/pdfjs-dist/legacy/build/pdf.worker.min.mjs", to: "verifier", as: "esm" },
  "pdf-jbig2.wasm": { from: "node_modules/pdfjs-dist/wasm/jbig2.wasm", to: "verifier", as: "copy" },
  "pdf-openjpeg.wasm": { from: "node_modules/pdfjs-dist/wasm/openjpeg.wasm", to: "verifier", as: "copy" },
};

async function bytesOf({ from, as }) {
  const source = join(ROOT, from);
  if (as === "copy") return readFileSync(source);
  const done = await build({
    absWorkingDir: ROOT,
    entryPoints: [source],
    bundle: true,
    write: false,
    minify: true,
    charset: "utf8",
    format: as === "style" ? undefined : as,
    platform: "browser",
    target: TARGET,
    legalComments: "eof",
    logLevel: "error",
    define: { "import.meta.url": "undefined" },
    logOverride: { "empty-import-meta": "silent" },
  });
  return Buffer.from(done.outputFiles[0].contents);
}

/** Give every file that the build makes: path below the root -> bytes. */
async function made() {
  const files = new Map();
  const manifest = {};
  for (const [name, asset] of Object.entries(ASSETS).sort()) {
    const bytes = await bytesOf(asset);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12).toUpperCase();
    const extension = extname(name);
    const path = `${asset.to}/web/static/${basename(name, extension)}-${hash}${extension}`;
    const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
    files.set(path, bytes);
    manifest[name] = { path, integrity };
  }
  files.set(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
  return files;
}

function standing() {
  return AREAS.flatMap((area) => {
    const folder = join(ROOT, area, "web/static");
    return existsSync(folder) ? readdirSync(folder).map((name) => `${area}/web/static/${name}`) : [];
  });
}

async function write() {
  const files = await made();
  for (const path of standing()) if (!files.has(path)) rmSync(join(ROOT, path));
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), bytes);
    console.log(`${String(bytes.length).padStart(9)}  ${path}`);
  }
}

async function check() {
  const files = await made();
  const wrong = standing().filter((path) => !files.has(path)).map((path) => `not built: ${path}`);
  for (const [path, bytes] of files) {
    const there = existsSync(join(ROOT, path)) && readFileSync(join(ROOT, path)).equals(bytes);
    if (!there) wrong.push(`differs from its sources: ${path}`);
  }
  if (wrong.length > 0) {
    console.error(`${wrong.join("\n")}\nbrowser: run \`make web\` and commit what it writes`);
    process.exit(1);
  }
  console.log(`browser: ${files.size} files are what their sources give`);
}

const TESTS = join(ROOT, "tests/node");
/** How tests, and what they are told, are bundled for Node. */
const FOR_NODE = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  define: { "process.env.COFFRE_ROOT": JSON.stringify(ROOT) },
};

async function inScratch(act) {
  const scratch = mkdtempSync(join(ROOT, "node_modules/.coffre-test-"));
  try {
    await act(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function test() {
  await inScratch(async (scratch) => {
    const tests = readdirSync(TESTS).filter((name) => name.endsWith(".test.ts"));
    const entryPoints = tests.map((name) => join(TESTS, name));
    await build({ ...FOR_NODE, entryPoints, outdir: scratch, outExtension: { ".js": ".mjs" } });
    const built = readdirSync(scratch).map((name) => relative(ROOT, join(scratch, name)));
    const done = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...built], {
      cwd: ROOT,
      stdio: "inherit",
    });
    process.exitCode = done.status ?? 1;
  });
}

/** The same tests in a browser: only the ground under them changes. */
const GROUND = {
  "node:test": "browser/test.ts",
  "node:assert/strict": "browser/assert.ts",
  "./given.ts": "browser/given.ts",
  "./reader.ts": "browser/reader.ts",
};
const inBrowser = {
  name: "in-browser",
  setup({ onResolve }) {
    onResolve({ filter: /^node:|^\.\/(given|reader)\.ts$/ }, ({ path, importer }) =>
      dirname(importer) === TESTS && path in GROUND ? { path: join(TESTS, GROUND[path]) } : undefined,
    );
  },
};

/** Write `twins.js` and `given.json`: all that the page needs and a browser cannot read by itself. */
async function page() {
  const folder = process.argv[3];
  if (folder === undefined) throw new Error("got no folder, expected --page FOLDER");
  await inScratch(async (scratch) => {
    const given = join(scratch, "given.mjs");
    await build({ ...FOR_NODE, entryPoints: [join(TESTS, "given.ts")], outfile: given });
    writeFileSync(join(folder, "given.json"), JSON.stringify((await import(given)).GIVEN));
  });
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(TESTS, "browser/twins.ts")],
    outfile: join(folder, "twins.js"),
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "chrome109",
    sourcemap: "inline",
    plugins: [inBrowser],
    define: { "import.meta.url": "undefined" },
    logOverride: { "empty-import-meta": "silent" },
  });
}

const ACTIONS = { undefined: write, "--check": check, "--test": test, "--page": page };
const action = ACTIONS[String(process.argv[2])];
if (action === undefined) throw new Error(`got ${process.argv[2]}, expected --check, --test, --page or nothing`);
await action();
