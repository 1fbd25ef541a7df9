// Notices that the parent is gone: standard input, a pipe from it, ends. In a thread of its own,
// because a long statement keeps the main thread busy, and must not keep an orphan alive.
import { Socket } from 'node:net'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'

const STOP_WITHIN_MS = 15_000

/** Calls `gone` when the parent is; kills the process if it is still there some time after. */
export function watchParent(gone) {
  const worker = new Worker(new URL(import.meta.url), { stdin: false })
  worker.on('message', gone)
  worker.unref()
}

function watchStandardInput() {
  const input = new Socket({ fd: 0, readable: true, writable: false })
  const ended = () => {
    parentPort.postMessage('gone')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS)
  }
  input.on('end', ended).on('error', ended).resume()
}

if (!isMainThread) watchStandardInput()
