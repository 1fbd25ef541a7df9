/* Groundswell's beacon: groundswell(type, contentId, {contentType, userId, seconds, metadata}).
   docs/embedding.md tells how to use it. Silent under Do Not Track and Global Privacy Control. */
(function (w, d, n) {
  var s = d.currentScript || Array.from(d.scripts).find(function (e) { // none of its own in modules
      return /\/beacon\.js($|[?#])/.test(e.src)
    })
  if (!s) return
  var a = s.dataset, now = w.groundswell, q = [], sent = [], t, m, pause = 1e3,
    item, spent = {}, then, active, // what the page is of, and what is watched since it was told last
    u = new URL('analytics/events', s.src) + (a.key ? '?key=' + encodeURIComponent(a.key) : '')
  // Once more, as by a router that runs a page's scripts again.
  if (now && now.to == u) return a.contentId && now('page', a.contentId, a)
  var early = now && now.q || []
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
    var event = { id: id(), type: type, contentId: contentId, sessionId: session() }
    if (a.userId) event.userId = a.userId
    q.push(Object.assign(event, more))
    q = q.slice(-500)
    if (unsent().length > 49 && pause == 1e3) flush()
    else wait()
  }
  function typed(contentType) { return contentType && { contentType: contentType } }
  function page(contentId, more) { // a view where the page becomes that of another item
    var next = contentId && { id: contentId, type: more && more.contentType }
    if (item && next && item.id == next.id && item.type == next.type) return
    tell()
    active = then
    if ((item = next)) record('view', item.id, typed(item.type))
  }
  function look() { // which item the address names
    var path = a.hash === undefined ? location.pathname : location.hash.replace(/^#!?|\?.*/g, ''), found
    a.items.trim().split(/\s+/).some(function (pattern) {
      var names = [], source = pattern.replace(/\/$/, '').replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/{(id|type|path)}/g, function (_, name) {
        names.push(name)
        return name == 'path' ? '(.+?)' : '([^/]+)'
      })
      var match = path.match('^' + source + '/?$')
      return found = match && names.reduce(function (all, name, i) {
        try { all[name] = decodeURIComponent(match[i + 1]) } catch (e) { all[name] = match[i + 1] }
        return all
      }, {})
    })
    page(found && (found.id || found.path), found && { contentType: found.type || a.contentType })
  }
  function follow() {
    ['pushState', 'replaceState'].forEach(function (name) {
      var was = history[name]
      try {
        history[name] = function () {
          var result = was.apply(this, arguments)
          // Routers replace what they have just pushed: the last word counts.
          Promise.resolve().then(look)
          return result
        }
      } catch (e) {}
    })
    w.addEventListener('popstate', look)
    w.addEventListener('hashchange', look)
  }
  function beat() { // each second, and before something is told
    var past = Math.min(performance.now() - then, 5e3) / 1e3, seen = {}
    function see(e) { seen[e.type + ' ' + e.id] = e }
    then = performance.now()
    if (a.watch == 'media') d.querySelectorAll('video,audio').forEach(function (e) {
      var own = e.dataset.contentId ? { id: e.dataset.contentId, type: e.dataset.contentType } : item
      if (own && !e.paused && e.readyState > 2 && !(d.hidden && (e.muted || !e.volume))) see(own)
    })
    else if (item && !d.hidden && then - active < 3e5) see(item) // nobody sits still for five minutes
    for (var key in seen) {
      var e = spent[key] = spent[key] || { item: seen[key], seconds: 0 }
      if ((e.seconds += past) >= (a.heartbeat >= 5 ? a.heartbeat : 15)) report(key)
    }
  }
  function report(key) {
    var e = spent[key], seconds = Math.round(e.seconds * 10) / 10
    if (seconds < 1) return
    delete spent[key]
    record('watch_time', e.item.id, Object.assign({ seconds: seconds }, typed(e.item.type)))
  }
  function tell() {
    if (!then) return
    beat()
    Object.keys(spent).forEach(report)
  }
  function watch() {
    function wake() { active = performance.now() }
    wake()
    then = active
    setInterval(beat, 1e3)
    ;['pointermove', 'pointerdown', 'keydown', 'scroll', 'touchstart'].forEach(function (name) {
      w.addEventListener(name, wake, { capture: true, passive: true })
    })
  }
  function clicked(e) { // before the page changes what was clicked
    if (e.type == 'click' || e.button == 1) e.composedPath().some(function (one) {
      return 'view like unlike comment uncomment share'.split(' ').some(function (type) {
        var name = 'groundswell' + type[0].toUpperCase() + type.slice(1), given = one.dataset && one.dataset[name]
        if (given === undefined || !given && !item) return false
        record(type, given || item.id, typed(given ? one.dataset.contentType : item.type))
        return true
      })
    })
  }
  function recall() { // what other pages of the tab could not send, beside what this one has
    var kept = []
    try { kept = JSON.parse(sessionStorage.gsq || '[]') } catch (e) {}
    q = kept.filter(function (e) { return !q.some(function (one) { return one.id == e.id }) }).concat(q)
    if (q[0]) wait()
  }
  function shown() {
    if (then) then = active = performance.now()
    flush()
  }
  function silent() {
    var wish = a.respect === undefined ? 'dnt gpc' : a.respect
    return /dnt/.test(wish) && (n.doNotTrack == 1 || w.doNotTrack == 1) || /gpc/.test(wish) && n.globalPrivacyControl
  }
  function call(args) { (args[0] == 'page' ? page(args[1], args[2]) : record.apply(0, args)) }
  function start() {
    var calls = early
    early = 0
    if (silent()) return record = function () {}
    recall()
    if (a.watch) watch()
    if (a.items) look(), follow()
    else if (a.contentId) page(a.contentId, a)
    Array.from(calls).forEach(call)
    d.addEventListener('click', clicked, true)
    d.addEventListener('auxclick', clicked, true)
    d.addEventListener('visibilitychange', function () { d.hidden ? (tell(), leave()) : shown() })
    w.addEventListener('pagehide', function () { tell(), leave() })
    w.addEventListener('pageshow', function (e) { // from the back/forward cache: seen again
      if (!e.persisted) return
      var again = item
      item = 0
      recall()
      shown()
      if (again) page(again.id, { contentType: again.type })
    })
  }
  w.groundswell = function () { early ? early.push(arguments) : call(arguments) }
  w.groundswell.to = u
  // A page made ready before anybody has asked for it is not seen yet.
  if (d.prerendering) d.addEventListener('prerenderingchange', start, { once: true })
  else start()
})(window, document, navigator)
