// @ts-check
// What the telephone keeps: the tasks as last heard, and what was noted and not yet taken by the platform.

const NAME = "anlan-field";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("noted", { keyPath: "key" });
      asked.result.createObjectStore("heard");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

/** @param {"noted" | "heard"} store @param {IDBTransactionMode} mode @param {(s: IDBObjectStore) => IDBRequest} work */
async function within(store, mode, work) {
  const base = await open();
  return new Promise((done, failed) => {
    const transaction = base.transaction(store, mode);
    const asked = work(transaction.objectStore(store));
    transaction.oncomplete = () => done(asked.result);
    transaction.onerror = () => failed(transaction.error);
  });
}

/** @param {any} entry */
export const keep = (entry) => within("noted", "readwrite", (store) => store.put(entry));
/** @param {string} key */
export const forget = (key) => within("noted", "readwrite", (store) => store.delete(key));
/** In the order it happened. @returns {Promise<any[]>} */
export const noted = async () => (await within("noted", "readonly", (store) => store.getAll())).sort((a, b) => a.at.localeCompare(b.at));
/** @param {any} said */
export const hear = (said) => within("heard", "readwrite", (store) => store.put(said, "tasks"));
/** @returns {Promise<any>} */
export const heard = () => within("heard", "readonly", (store) => store.get("tasks"));
