import { webAssemblyPlatform } from '@kcrash/vmcore/compiled/platform';
import type { Platform } from '@kcrash/vmcore/dump';

/** The WebAssembly of `packages/vmcore/assembly` in base64, put here by the build. */
declare const KCRASH_COMPILED: string;

/** What a browser does faster than the library's TypeScript; nothing where a server's own policy forbids WebAssembly. */
export function browserPlatform(): Platform {
  const bytes = Uint8Array.from(atob(KCRASH_COMPILED), (character) => character.charCodeAt(0));
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return {};
    throw error;
  }
  return webAssemblyPlatform(() => bytes);
}
