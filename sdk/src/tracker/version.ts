declare const __MILLRACE_VERSION__: string | undefined;

/** The package's version. Rollup puts it in; compiled files that have not been bundled say 0.0.0. */
export const version: string = typeof __MILLRACE_VERSION__ === 'string' ? __MILLRACE_VERSION__ : '0.0.0';
