// Before the first paint: the theme that was chosen here, or the system's.
(() => {
  try {
    const theme = localStorage.getItem("groundswell-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is closed: the system's theme it is.
  }
})();
