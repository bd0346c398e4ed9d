// Lodestar's packages expect Node's `Buffer`; bundles for pages bring this one.
export { Buffer } from 'buffer/index.js';
