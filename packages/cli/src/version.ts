/** Set by the build. */
declare const KCRASH_VERSION: string | undefined;

/** What `kcrash --version` says. */
export const version = typeof KCRASH_VERSION === 'string' ? KCRASH_VERSION : 'from source';
