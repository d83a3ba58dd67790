// Lint rules of the browser sources of every area, and of their tests.
import js from "@eslint/js";
import tseslint from "typescript-eslint";

const FORBIDDEN_SINKS = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((name) => ({
  property: name,
  message: "text goes in by textContent (CSP, Trusted Types)",
}));

export default tseslint.config(
  { ignores: ["**/static/**", "node_modules/**", ".venv/**", "**/*.mjs"] },
  {
    files: ["*/web/client/**/*.ts", "tests/node/**/*.ts"],
    extends: [js.configs.recommended, ...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: "vault/web/client/tsconfig.json", tsconfigRootDir: process.cwd() },
    },
    rules: {
      complexity: ["error", 10],
      eqeqeq: "error",
      "max-lines": ["error", 300],
      "max-lines-per-function": ["error", 45],
      "max-params": ["error", 5],
      "no-console": "error",
      "no-eval": "error",
      "no-restricted-properties": [
        "error",
        ...FORBIDDEN_SINKS,
        { object: "Math", property: "random", message: "crypto.getRandomValues" },
        { object: "document", property: "write", message: "never" },
      ],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["tests/node/**/*.ts"],
    rules: { "max-lines-per-function": "off", "@typescript-eslint/no-floating-promises": "off" },
  },
);
