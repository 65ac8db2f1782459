/** The text of stub.js, minified: Rollup puts it in. */
declare const __MILLRACE_STUB__: string;
/** Rollup puts the code of stub.js in the place of this call, so that installing it evaluates no text. */
declare function __MILLRACE_INSTALL_STUB__(): void;

/** The stub as a text, for an inline `<script>` before the tracker's: it keeps calls until the tracker has loaded. */
export const stub: string = __MILLRACE_STUB__;

/** Installs the stub in this page, unless it or the tracker is there. On a server it does nothing. */
export function installStub(): void {
  if (typeof window === 'undefined') return;
  __MILLRACE_INSTALL_STUB__();
}
