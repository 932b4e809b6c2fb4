// Keeps the page of the field and its files, so that it opens without a line. The platform writes FILES above.

const CACHE = "anlan-field-1";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The line first, so that what is shown is new; the kept copy only where there is none. Answers of the platform are never kept.
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !FILES.includes(url.pathname)) return;
  event.respondWith(
    fetch(event.request)
      .then((answer) => {
        if (answer.ok) caches.open(CACHE).then((cache) => cache.put(event.request, answer.clone()));
        return answer;
      })
      .catch(() => caches.match(event.request)),
  );
});
