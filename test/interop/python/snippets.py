"""Runs snippets of Python on a Redis: one JSON document a line in ({"code", "given"}), one out ({"answer"} or {"error"})."""

import json
import os
import sys
import textwrap
import traceback
from collections import OrderedDict  # noqa: F401
from datetime import datetime, timedelta, timezone  # noqa: F401
from enum import Enum
from zoneinfo import ZoneInfo  # noqa: F401

import rq
import rq.cli
import rq.command
import rq.registry
import rq.suspension
import rq.worker_registration
from click.testing import CliRunner
from redis import Redis
from rq import Callback, Queue, Repeat, Retry, Worker  # noqa: F401
from rq.executions import Execution  # noqa: F401
from rq.group import Group  # noqa: F401
from rq.job import Dependency, Job, JobStatus  # noqa: F401
from rq.serializers import JSONSerializer

connection = Redis.from_url(sys.argv[1])
# What a snippet prints is not an answer.
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)


def queue(name='default'):
    return Queue(name, connection=connection, serializer=JSONSerializer)


def plain_queue(name='default'):
    """A queue with RQ's default serialiser, pickle."""
    return Queue(name, connection=connection)


def plain_fetch(id):
    return Job.fetch(id, connection=connection)


def fetch(id):
    return Job.fetch(id, connection=connection, serializer=JSONSerializer)


def command_line(args):
    """What `rq` with these arguments prints; it must succeed."""
    done = CliRunner().invoke(rq.cli.main, args, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def burst(queues):
    """Runs the jobs of queues with RQ's own worker."""
    Worker([queue(each) for each in queues], connection=connection, serializer=JSONSerializer).work(
        burst=True, logging_level='CRITICAL'
    )


def registries(name='default'):
    """The ids in each registry of a queue, by the names of RQ's properties."""
    names = ('started', 'finished', 'failed', 'deferred', 'scheduled', 'canceled')
    return {each: sorted(getattr(queue(name), f'{each}_job_registry').get_job_ids()) for each in names}


def result(found):
    """Every property of a Result."""
    if found is None:
        return None
    names = 'id type created_at return_value exc_string worker_name execution_id execution_started_at execution_ended_at'
    return {name: getattr(found, name) for name in names.split()}


PROPERTIES = """
    id origin description timeout result_ttl failure_ttl ttl created_at enqueued_at started_at ended_at last_heartbeat worker_name meta
    func_name args kwargs instance group_id retries_left retry_intervals number_of_retries repeats_left repeat_intervals
    allow_dependency_failures enqueue_at_front enqueue_at_front_on_retry dependency_ids dependent_ids
    is_queued is_started is_finished is_failed is_deferred is_canceled is_scheduled is_stopped
    success_callback_timeout failure_callback_timeout stopped_callback_timeout
    _success_callback_name _failure_callback_name _stopped_callback_name _dependency_ids
"""


def everything(id):
    """Every property of a Job, as Python sees it."""
    job = fetch(id)
    seen = {name: getattr(job, name) for name in PROPERTIES.split()}
    seen['status'] = job.get_status()
    seen['position'] = job.get_position()
    seen['get_meta'] = job.get_meta()
    seen['return_value'] = job.return_value()
    seen['latest_result'] = result(job.latest_result())
    seen['results'] = [result(each) for each in job.results()]
    seen['dependencies'] = [each.id for each in job.fetch_dependencies()]
    seen['executions'] = [
        {'id': each.id, 'key': each.composite_key, 'created_at': each.created_at, 'last_heartbeat': each.last_heartbeat}
        for each in job.get_executions()
    ]
    seen['text'] = str(job)
    return seen


def plain(value):
    """What json cannot write by itself."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(f'a snippet answered {value!r}')


def run(code, given):
    scope = {**globals(), **given}
    exec('def snippet():\n' + textwrap.indent(textwrap.dedent(code), '    '), scope)
    return json.dumps({'answer': scope['snippet']()}, default=plain)


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = run(request['code'], request['given'])
    except Exception:
        answer = json.dumps({'error': traceback.format_exc()})
    print(answer, file=answers, flush=True)
