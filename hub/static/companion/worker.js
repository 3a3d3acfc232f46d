// Serves the companion's own files when there is no network. What belongs to a person never comes
// here: the API is not touched, so nothing of it can be cached.
// RELEASE, above, is written by the hub: a new release is another worker.
/* global RELEASE */
const CACHE = `companion-${RELEASE.version}`;
const SHELL = "/";

self.addEventListener("install", (event) => {
  const files = RELEASE.files.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("companion-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

async function fromCache(name) {
  const cache = await caches.open(CACHE);
  return cache.match(name);
}

// The page itself: the hub's if it answers, so that a new release is seen at once.
async function shell(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) return answer;
    return (await fromCache(SHELL)) || answer;
  } catch {
    return (await fromCache(SHELL)) || Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (address.pathname === SHELL) event.respondWith(shell(request));
  } else if (RELEASE.files.includes(address.pathname)) {
    event.respondWith(fromCache(address.pathname).then((kept) => kept || fetch(request)));
  }
});
