// The engine was linked with a stack of 64 KB, right above its static data, and without telling
// PostgreSQL where the stack begins: fifty nested function calls overwrite the static data, and
// max_stack_depth is never looked at. So, once it is up, the engine is given a stack of
// our size, and PostgreSQL its beginning: too deep a recursion is an error (54001) again.
import { log } from './log.mjs'

const STACK_BYTES = 8 << 20
// Addresses in this very build, which the lock file pins: the variables that check_stack_depth()
// of PostgreSQL's postgres.c reads, found by disassembling it.
const STACK_BASE_PTR = 1024 + 2539500
const MAX_STACK_DEPTH_BYTES = 1024 + 2372244
const MAX_STACK_DEPTH_DEFAULTS = [100 * 1024, 2048 * 1024]
const LINKED_STACK = { from: 2702272, to: 2767808 }

export function enlargeStack(mod) {
  const pointer = mod.___stack_pointer
  const word = (address) => mod.HEAP32[address / 4]
  const known =
    pointer?.value > LINKED_STACK.from &&
    pointer.value <= LINKED_STACK.to &&
    word(STACK_BASE_PTR) === 0 &&
    MAX_STACK_DEPTH_DEFAULTS.includes(word(MAX_STACK_DEPTH_BYTES))
  if (!known) {
    log('another build of the engine: its stack stays as small as it is')
    return
  }
  const top = (mod._malloc(STACK_BYTES) + STACK_BYTES) & ~15
  pointer.value = top
  mod.HEAP32[STACK_BASE_PTR / 4] = top
}
