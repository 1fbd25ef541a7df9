// The API page's colors by the reader's preference, which RapiDoc takes as attributes.

const THEMES = {
  light: {
    theme: 'light',
    'bg-color': '#ffffff',
    'text-color': '#13232b',
    'primary-color': '#0b6670',
    'nav-bg-color': '#f6f8f9',
    'nav-text-color': '#13232b',
  },
  dark: {
    theme: 'dark',
    'bg-color': '#131e24',
    'text-color': '#e6eff2',
    'primary-color': '#4fc3cc',
    'nav-bg-color': '#0c1418',
    'nav-text-color': '#e6eff2',
  },
}

const isDark = matchMedia('(prefers-color-scheme: dark)')
const page = document.querySelector('rapi-doc')

function paint() {
  const theme = THEMES[isDark.matches ? 'dark' : 'light']
  for (const [name, value] of Object.entries(theme)) page.setAttribute(name, value)
}

isDark.addEventListener('change', paint)
paint()
