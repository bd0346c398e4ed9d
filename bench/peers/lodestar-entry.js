// What is measured of Lodestar's packages.
export { default as bls } from '@chainsafe/bls';
export { createBeaconConfig } from '@lodestar/config';
export { mainnetChainConfig } from '@lodestar/config/networks';
export { LightclientSpec } from '@lodestar/light-client/spec';
export { ssz } from '@lodestar/types';
