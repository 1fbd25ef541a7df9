// Asking again and again, without one answer overtaking another.

const LONGEST_MS = 60_000;

/**
 * Ask every so many milliseconds while the page is looked at.
 *
 * `ask(subject)` is called with what is wanted now, `show(answer, subject)` with what came. A slow
 * ask is waited for, never aborted by the next. After `about(subject)` answers about what was
 * wanted before are dropped. `fail(problem, subject)` and `settled()` end each try.
 */
export function poll({ every, ask, show, fail = () => {}, settled = () => {}, subject = null }) {
  let wanted = subject;
  let turn = 0; // changes with what is wanted
  let underWay = null; // the turn that is being asked about
  let timer = 0;
  let stopped = false;

  async function now() {
    clearTimeout(timer);
    if (stopped || underWay === turn) return;
    const mine = (underWay = turn);
    const about = wanted;
    let pause = every;
    try {
      const answer = await ask(about);
      if (mine === turn && !stopped) show(answer, about);
    } catch (problem) {
      pause = Math.max(every, Math.min(LONGEST_MS, (problem.retryAfter ?? 0) * 1000));
      if (mine === turn && !stopped) fail(problem, about);
    } finally {
      if (mine === turn) {
        underWay = null;
        settled();
        plan(pause);
      }
    }
  }

  function plan(pause) {
    clearTimeout(timer);
    if (!stopped && !document.hidden) timer = setTimeout(now, pause);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : now()));
  return {
    now,
    about(next) {
      wanted = next;
      turn += 1;
      return now();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
