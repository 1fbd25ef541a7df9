/* Groundswell's beacon: groundswell(type, contentId, {contentType, userId, seconds, metadata}).
   docs/ingestion.md tells how to use it. Silent under Do Not Track and Global Privacy Control. */
(function (w, d, n) {
  var s = d.currentScript || Array.from(d.scripts).find(function (e) { // none of its own in modules
      return /\/beacon\.js($|[?#])/.test(e.src)
    }),
    a = s.dataset, early = w.groundswell && w.groundswell.q || [], q = [], sent = [], t, m, pause = 1e3,
    u = new URL('analytics/events', s.src) + (a.key ? '?key=' + encodeURIComponent(a.key) : '')
  function id() { // UUIDv7: the server takes the time from it, and counts it once
    var r = crypto.getRandomValues(new Uint8Array(16)), t = Date.now(), i = 6
    for (; i--; t = Math.floor(t / 256)) r[i] = t % 256
    r[6] = r[6] & 15 | 112
    r[8] = r[8] & 63 | 128
    return Array.from(r, function (b) { return (b + 256).toString(16).slice(1) }).join('')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
  function session() {
    try {
      m = m || sessionStorage.gs || (sessionStorage.gs = id())
    } catch (e) { m = m || id() }
    return m
  }
  function store() { // what nobody has taken yet, for the next page; the newest where it is too much
    try {
      while (JSON.stringify(q).length > 2e5) q = q.slice(q.length / 2 + 1)
      if (q[0]) sessionStorage.gsq = JSON.stringify(q)
      else sessionStorage.removeItem('gsq')
    } catch (e) {}
  }
  function batches(events) { // a browser takes 64 kB at once when a page is left
    var found = [], room = 0
    events.forEach(function (e) {
      var size = new Blob([JSON.stringify(e)]).size + 1
      if (room < size || found[0].length > 49) found.unshift([]), room = 6e4
      found[0].push(e)
      room -= size
    })
    return found.reverse()
  }
  function wait() { t = t || setTimeout(flush, pause) }
  function forget(b) {
    q = q.filter(function (e) { return b.indexOf(e) < 0 })
  }
  function post(b) {
    sent = sent.concat(b)
    fetch(u, { method: 'POST', body: JSON.stringify(b), credentials: 'omit' }).then(function (r) {
      if (r.status == 429 || r.status > 499) throw r
      forget(b)
      pause = 1e3
    }).catch(function (r) { // goes with the next
      pause = r.headers && r.headers.get('retry-after') * 1e3 || Math.min(2 * pause, 6e4)
      wait()
    }).then(function () {
      sent = sent.filter(function (e) { return b.indexOf(e) < 0 })
      store()
    })
  }
  function unsent() {
    return q.filter(function (e) { return sent.indexOf(e) < 0 })
  }
  function flush() {
    clearTimeout(t)
    t = 0
    batches(unsent()).forEach(post)
  }
  function leave() { // also what is under way, which may be cut off: an id counts once
    var first = batches(unsent())
    first.concat(batches(sent)).forEach(function (b) {
      var taken = n.sendBeacon && n.sendBeacon(u, JSON.stringify(b))
      // Nobody hears what became of it: what is under way, or was refused, is kept all the same.
      if (taken && pause == 1e3 && first.indexOf(b) > -1) forget(b)
    })
    store()
  }
  function record(type, contentId, more) {
    q.push(Object.assign({ id: id(), type: type, contentId: contentId, sessionId: session() }, more))
    q = q.slice(-500)
    if (unsent().length > 49 && pause == 1e3) flush()
    else wait()
  }
  function start() {
    var calls = early
    early = 0
    if (n.doNotTrack == 1 || w.doNotTrack == 1 || n.globalPrivacyControl) return record = function () {}
    try { q = JSON.parse(sessionStorage.gsq || '[]') } catch (e) {}
    if (q[0]) wait()
    if (a.contentId) record('view', a.contentId, a.contentType && { contentType: a.contentType })
    Array.from(calls).forEach(function (c) { record.apply(0, c) })
    d.addEventListener('visibilitychange', function () { d.hidden ? leave() : flush() })
    w.addEventListener('pagehide', leave)
  }
  w.groundswell = function () { early ? early.push(arguments) : record.apply(0, arguments) }
  // A page made ready before anybody has asked for it is not seen yet.
  if (d.prerendering) d.addEventListener('prerenderingchange', start, { once: true })
  else start()
})(window, document, navigator)
