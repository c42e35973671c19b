/** The official Node SDK ships no types; these are the parts that the tests use. */
declare module '@alicloud/log' {
  export default class Client {
    constructor(config: {
      readonly endpoint: string;
      readonly accessKeyId: string;
      readonly accessKeySecret: string;
    });
    createProject(project: string, data: object, options?: object): Promise<unknown>;
    getProject(project: string, options?: object): Promise<Record<string, unknown>>;
    deleteProject(project: string, options?: object): Promise<unknown>;
    createLogStore(project: string, name: string, data: object, options?: object): Promise<unknown>;
    getLogStore(project: string, name: string, options?: object): Promise<Record<string, unknown>>;
    updateLogStore(project: string, name: string, data: object, options?: object): Promise<unknown>;
    listLogStore(project: string, data: object, options?: object): Promise<{ logstores: string[] }>;
    deleteLogStore(project: string, name: string, options?: object): Promise<unknown>;
    createIndex(project: string, name: string, index: object, options?: object): Promise<unknown>;
    getIndexConfig(
      project: string,
      name: string,
      options?: object,
    ): Promise<Record<string, unknown>>;
    updateIndex(project: string, name: string, index: object, options?: object): Promise<unknown>;
    deleteIndex(project: string, name: string, options?: object): Promise<unknown>;
    getLogs(
      project: string,
      name: string,
      from: Date,
      to: Date,
      data?: object,
      options?: object,
    ): Promise<Record<string, string>[]>;
    getHistograms(
      project: string,
      name: string,
      from: Date,
      to: Date,
      data?: object,
      options?: object,
    ): Promise<{ from: number; to: number; count: number; progress: string }[]>;
    postLogStoreLogs(
      project: string,
      name: string,
      data: object,
      options?: object,
    ): Promise<unknown>;
    /** What every method calls: signs, sends, parses. */
    _request(
      verb: string,
      project: string | undefined,
      path: string,
      queries: object,
      body: Buffer | null,
      headers: object,
      options?: object,
    ): Promise<unknown>;
    _sign(
      verb: string,
      path: string,
      queries: object,
      headers: object,
      credentials: object,
    ): string;
  }
}
