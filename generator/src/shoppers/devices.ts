/** An operating system and a device, as the tracker names them. */
export interface Device {
  os: 'ios' | 'android' | 'windows' | 'macos' | 'linux' | 'web';
  device: 'mobile' | 'tablet' | 'desktop';
}

/** How common each device is among shoppers; the weights add up to 100. */
export const devices: readonly (readonly [weight: number, device: Device])[] = [
  [34, { os: 'android', device: 'mobile' }],
  [27, { os: 'ios', device: 'mobile' }],
  [20, { os: 'windows', device: 'desktop' }],
  [9, { os: 'macos', device: 'desktop' }],
  [4, { os: 'ios', device: 'tablet' }],
  [3, { os: 'android', device: 'tablet' }],
  [2, { os: 'linux', device: 'desktop' }],
  // A browser that says nothing else about itself.
  [1, { os: 'web', device: 'desktop' }],
];
