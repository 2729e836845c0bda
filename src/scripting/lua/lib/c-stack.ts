/**
 * Lua gives a function written in C a stack of so many values, arguments included. What the
 * libraries of Redis keep there (tables within tables, results) ends with it, in errors that their
 * twins here raise at the same count.
 */
export const MAX_C_STACK = 8000;
