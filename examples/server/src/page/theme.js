// Light, dark, or as the system is. Kept in this browser.

const themes = ['system', 'light', 'dark'];
const key = 'cartie-theme';

export const theme = () =>
  themes.includes(localStorage.getItem(key)) ? localStorage.getItem(key) : 'system';

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}

export function nextTheme() {
  localStorage.setItem(key, themes[(themes.indexOf(theme()) + 1) % themes.length]);
  applyTheme();
  return {};
}
