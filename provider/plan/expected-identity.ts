/** The ids that a function must have, each as `8086:10d3`; undefined ids are not checked. */
export interface ExpectedIdentity {
  readonly id?: string | undefined;
  readonly subsystem?: string | undefined;
}
