import jsqr from 'jsqr';

// A CommonJS package with a default export of its own: types and Node disagree where it is.
const scan = ('default' in jsqr ? jsqr.default : jsqr) as (typeof jsqr)['default'];

/** What a QR code says, read out of the picture that the server drew, as a phone would. Empty if it can't be read. */
export function readQr(svg: string): string {
  const size = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]);
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (const [, x, y, side] of svg.matchAll(/M(\d+),(\d+)h(\d+)/g)) {
    for (let line = Number(y); line < Number(y) + Number(side); line += 1) {
      for (let column = Number(x); column < Number(x) + Number(side); column += 1) {
        pixels.fill(0, (line * size + column) * 4, (line * size + column) * 4 + 3);
      }
    }
  }
  return scan(pixels, size, size)?.data ?? '';
}
