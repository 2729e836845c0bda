/** What we use of the package xxhashjs, which brings no types: XXH32. */
declare module 'xxhashjs' {
  interface Uint32 {
    toString(radix: number): string;
  }
  const xxhash: {
    h32(bytes: Buffer, seed: number): Uint32;
  };
  export default xxhash;
}
