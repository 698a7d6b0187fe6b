import { describe, expect, it } from 'vitest';
import { addressGroup } from '../src/client-address.ts';

describe('what is counted as one sender', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    [undefined, ''],
  ])('%s is of %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});
