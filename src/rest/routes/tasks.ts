import {
  type Endpoint,
  herderWork,
  herderWorkOrForward,
  masksSecrets,
  param,
  type RestContext,
  taskParam
} from '../endpoint.ts'
import { recorded } from '../recorded.ts'
import { taskInfo, taskProgress, taskState } from '../wire/connectors.ts'

/** Tasks and active topics of a connector. */
export function taskEndpoints(context: RestContext): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/connectors/:connector/tasks',
      needs: 'viewer',
      answer: async (call) => {
        const tasks = await herderWork(
          context,
          context.herder.cluster.taskInfos(param(call, 'connector'))
        )
        const body = tasks.map((task) => taskInfo(task, masksSecrets(context, call)))
        return { status: 200, body }
      }
    },
    {
      method: 'GET',
      path: '/connectors/:connector/progress',
      needs: 'viewer',
      answer: (call) => {
        const name = param(call, 'connector')
        const tasks = context.herder.cluster.connectorProgress(name).map(taskProgress)
        return { status: 200, body: { name, tasks } }
      }
    },
    {
      method: 'GET',
      path: '/connectors/:connector/tasks/:task/status',
      needs: 'viewer',
      answer: (call) => ({
        status: 200,
        body: taskState(
          context.herder.cluster.taskStatus(param(call, 'connector'), taskParam(call))
        )
      })
    },
    {
      method: 'POST',
      path: '/connectors/:connector/tasks/:task/restart',
      needs: 'operator',
      answer: (call) => {
        const task = taskParam(call)
        return herderWorkOrForward(context, call, async () => {
          const connector = param(call, 'connector')
          const wanted = { what: 'restart', connector, details: { task } } as const
          await recorded(context, call, wanted, () =>
            context.herder.changes.restartTask(connector, task)
          )
          return { status: 204 }
        })
      }
    },
    {
      method: 'GET',
      path: '/connectors/:connector/topics',
      needs: 'viewer',
      answer: (call) => {
        const name = param(call, 'connector')
        return {
          status: 200,
          body: new Map([[name, { topics: context.herder.cluster.activeTopics(name) }]])
        }
      }
    },
    {
      method: 'PUT',
      path: '/connectors/:connector/topics/reset',
      needs: 'operator',
      answer: async (call) => {
        const connector = param(call, 'connector')
        const reset = recorded(context, call, { what: 'topics-reset', connector }, () =>
          context.herder.cluster.resetActiveTopics(connector)
        )
        await herderWork(context, reset)
        return { status: 202 }
      }
    }
  ]
}
