/* Groundswell's beacon: groundswell(type, contentId, {contentType, userId, seconds, metadata}).
   docs/ingestion.md tells how to use it. Silent under Do Not Track and Global Privacy Control. */
(function (w, d, n) {
  var s = d.currentScript, a = s.dataset, q = [], t, m,
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
  function flush() {
    var b = q, j = JSON.stringify(b)
    clearTimeout(t)
    t = 0
    q = []
    if (!b[0] || n.sendBeacon && n.sendBeacon(u, j)) return
    fetch(u, { method: 'POST', body: j, keepalive: true, credentials: 'omit' })
      .catch(function () { q = b.concat(q).slice(0, 50) }) // goes with the next
  }
  w.groundswell = function (type, contentId, more) {
    if (n.doNotTrack == 1 || w.doNotTrack == 1 || n.globalPrivacyControl) return
    q.push(Object.assign({ id: id(), type: type, contentId: contentId, sessionId: session() }, more))
    if (q.length > 49) flush()
    else t = t || setTimeout(flush, 1e3)
  }
  d.addEventListener('visibilitychange', function () { d.hidden && flush() })
  w.addEventListener('pagehide', flush)
  if (a.contentId) w.groundswell('view', a.contentId, a.contentType && { contentType: a.contentType })
})(window, document, navigator)
