/** CreateProject, GetProject, UpdateProject, DeleteProject, ListProject (sls-api §5.1). */
import type { Project } from '#meta/catalog-types.ts';
import { checkName } from '#protocol/names.ts';
import { EMPTY_REPLY, jsonReply } from '../http-message.ts';
import type { HttpReply } from '../http-message.ts';
import type { SlsCall, SlsRooms } from './operation.ts';
import { jsonBody, Members, pageOf, queryParameter } from './parameters.ts';

const DESCRIPTION_CHARACTERS_MAX = 1024;

/** Members of CreateProject beside name and description; kept and echoed. */
const ATTRIBUTES = ['resourceGroupId', 'dataRedundancyType', 'recycleBinEnabled'];

/** The name in the body counts: some clients send it to the bare endpoint, others to the new name. */
export async function createProject(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const members = new Members(jsonBody(call), 'ParameterInvalid');
  const projectName = members.required('projectName', members.text('projectName', 256));
  checkName('project', projectName);
  const description = members.text('description', DESCRIPTION_CHARACTERS_MAX) ?? '';
  checkAttributes(members);
  await rooms.catalog.createProject({
    projectName,
    description,
    attributes: members.pick(ATTRIBUTES),
  });
  return EMPTY_REPLY;
}

export async function getProject(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const project = await rooms.catalog.getProject(call.projectName);
  return jsonReply(projectJson(project, call, rooms));
}

export async function updateProject(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const members = new Members(jsonBody(call), 'ParameterInvalid');
  const description = members.text('description', DESCRIPTION_CHARACTERS_MAX);
  members.boolean('recycleBinEnabled');
  await rooms.catalog.updateProject(call.projectName, {
    description,
    attributes: members.pick(['recycleBinEnabled']),
  });
  return EMPTY_REPLY;
}

/** With all its logstores and their logs. */
export async function deleteProject(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  await rooms.backend.deleteProject(call.projectName);
  return EMPTY_REPLY;
}

export async function listProject(call: SlsCall, rooms: SlsRooms): Promise<HttpReply> {
  const { total, projects } = await rooms.catalog.listProjects({
    ...pageOf(call),
    nameContains: queryParameter(call, 'projectName'),
  });
  return jsonReply({
    count: projects.length,
    total,
    projects: projects.map((project) => projectJson(project, call, rooms)),
  });
}

function checkAttributes(members: Members): void {
  members.text('resourceGroupId', 256);
  members.text('dataRedundancyType', 32);
  members.boolean('recycleBinEnabled');
}

function projectJson(project: Project, call: SlsCall, rooms: SlsRooms): unknown {
  return {
    resourceGroupId: '',
    dataRedundancyType: 'LRS',
    recycleBinEnabled: false,
    ...project.attributes,
    projectName: project.projectName,
    description: project.description,
    status: 'Normal',
    region: rooms.region,
    owner: '',
    createTime: timeText(project.createTimeMs),
    lastModifyTime: timeText(project.lastModifyTimeMs),
    location: '',
    internetEndpoint: call.endpoint,
    internalEndpoint: call.endpoint,
    quota: {},
  };
}

/** SDKs declare a string; the form is the one of the public API (UTC). */
function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}
