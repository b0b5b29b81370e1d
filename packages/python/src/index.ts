/** CPython as a process of a machine. */
export {};
