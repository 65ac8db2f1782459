/** Operating systems and devices as the tracker names them, and how common each pair is among shoppers. */
export interface Device {
  os: 'ios' | 'android' | 'windows' | 'macos' | 'linux' | 'web';
  device: 'mobile' | 'tablet' | 'desktop';
}

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
