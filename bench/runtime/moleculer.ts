/** What the bench uses of Moleculer 0.14; the package is a peer and no dependency. */
export interface Moleculer {
  readonly ServiceBroker: new (options: {
    nodeID: string;
    transporter: string;
    logger: boolean;
    requestTimeout?: number;
  }) => MoleculerBroker;
}

export interface MoleculerBroker {
  start(): Promise<void>;
  stop(): Promise<void>;
  createService(service: {
    name: string;
    actions: Record<string, (context: { params: { n: number } }) => unknown>;
  }): void;
  call(action: string, params: object): Promise<{ n: number }>;
  waitForServices(name: string): Promise<void>;
}
