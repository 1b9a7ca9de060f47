/** Where a setting's value came from; else it is a file's path. */
export type Origin = 'default' | 'environment' | 'flag' | (string & {});
