import { html, svg } from './lit-html/lit-html.js';

// Drawn on a grid of 20, in the colour of the text.
const icon = (shape) => html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"
  fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${shape}</svg>`;

export const icons = {
  inbox: icon(
    svg`<path d="M3.500 5.500a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-3.800 3v-3h.3a2 2 0 0 1-2-2z"/>`,
  ),
  queue: icon(
    svg`<path d="M3.500 5.500h13M3.500 10h13M3.500 14.500h7"/><path d="m13 14.500 1.500 1.500 2.500-3"/>`,
  ),
  leads: icon(
    svg`<path d="M3.500 13v-2.300l1.700-.6 1.500-3.300a1.500 1.500 0 0 1 1.400-.9h3.800a1.500 1.500 0 0 1 1.400.9l1.500 3.300 1.700.6V13zM6.500 10h7"/><circle cx="6.500" cy="13.800" r="1.300"/><circle cx="13.500" cy="13.800" r="1.300"/>`,
  ),
  valuation: icon(svg`<path d="M10.500 3.500h6v6l-7 7-6-6z"/><circle cx="13.500" cy="6.500" r=".8"/>`),
  integrations: icon(
    svg`<path d="M7.500 3.500v4M12.500 3.500v4M5 7.500h10V10a5 5 0 0 1-10 0zM10 15v2.500"/>`,
  ),
  feed: icon(
    svg`<rect x="3.500" y="3.500" width="13" height="13" rx="2"/><path d="M6.500 7.200h7M6.500 10.200h7M6.500 13.200h4"/>`,
  ),
  connectors: icon(svg`<circle cx="10" cy="7" r="3"/><path d="M4 16.500a6 6 0 0 1 12 0"/>`),
  errors: icon(svg`<path d="M10 3.200 17.500 16h-15zM10 8.200v3.600M10 14v.1"/>`),
  back: icon(svg`<path d="M12 4.500 6.500 10l5.500 5.500"/>`),
  send: icon(svg`<path d="M10 16V4.500M5 9.200l5-4.800 5 4.800"/>`),
  attach: icon(
    svg`<path d="m15.500 9.500-5.800 5.800a3.300 3.300 0 0 1-4.700-4.700l6.300-6.300a2.200 2.200 0 0 1 3.100 3.100l-6.200 6.200a1.100 1.100 0 0 1-1.600-1.600l5.600-5.600"/>`,
  ),
  template: icon(
    svg`<rect x="3.500" y="3.500" width="13" height="13" rx="2"/><path d="M6.500 7.500h7M6.500 10.500h7M6.500 13.500h4"/>`,
  ),
  external: icon(svg`<path d="M8 4.500H4.500v11h11V12M11.500 3.500h5v5M16.300 3.700 9.500 10.500"/>`),
  signOut: icon(svg`<path d="M8 3.500H4.500v13H8M12.500 6.500 16 10l-3.500 3.500M15.800 10H8"/>`),
  light: icon(
    svg`<circle cx="10" cy="10" r="3.200"/><path d="M10 2.500v1.800M10 15.700v1.800M2.500 10h1.800M15.700 10h1.800M4.700 4.700 6 6M14 14l1.300 1.300M4.700 15.300 6 14M14 6l1.300-1.300"/>`,
  ),
  dark: icon(svg`<path d="M16.500 11.700A6.800 6.800 0 0 1 8.300 3.500a6.800 6.800 0 1 0 8.200 8.200z"/>`),
  system: icon(svg`<rect x="3" y="4" width="14" height="9.500" rx="1.500"/><path d="M7.500 16.500h5"/>`),
  queued: icon(svg`<circle cx="10" cy="10" r="6.500"/><path d="M10 6.500V10l2.300 1.500"/>`),
  sending: icon(svg`<path class="spin" d="M10 3.500a6.500 6.500 0 1 1-6.500 6.500"/>`),
  sent: icon(svg`<path d="m4.500 10.500 3.500 3.500 7.500-8"/>`),
  failed: icon(svg`<circle cx="10" cy="10" r="6.500"/><path d="M10 6.800v3.700M10 13.100v.1"/>`),
  in_doubt: icon(
    svg`<circle cx="10" cy="10" r="6.500"/><path d="M8.300 8.200a1.800 1.800 0 1 1 2.500 1.700c-.6.200-.8.600-.8 1.100M10 13.200v.1"/>`,
  ),
  check: icon(svg`<circle cx="10" cy="10" r="6.500"/><path d="m7.200 10.200 2 2 3.600-4"/>`),
};
