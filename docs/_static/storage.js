// Where a browser refuses to store anything, the theme's switch and the search stop at
// an error. They get a store that lasts as long as the page.
try { localStorage.getItem("theme"); } catch {
  const kept = new Map();
  const localStorage = {
    getItem: name => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, String(value)),
    removeItem: name => kept.delete(name),
  };
  Object.defineProperty(window, "localStorage", { value: localStorage });
}
