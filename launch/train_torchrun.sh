#!/usr/bin/env bash
# cgm-train on every GPU of one or more machines. Run it on each machine, with the same arguments:
#
#   launch/train_torchrun.sh data=DIR model.lm.path=MODEL deepspeed=zero2 run_dir=/shared/run
#
# For several machines, all of which see run_dir and data under the same path, set before it:
#   NODES      how many there are
#   NODE_RANK  the number of this one, from 0
#   MASTER     the name or address of machine 0, which the others can reach; PORT is a free port of it
# PROCESSES is how many processes to start here; as many as there are GPUs, or one, unless it is set.
set -euo pipefail

: "${NODES:=1}" "${NODE_RANK:=0}" "${MASTER:=localhost}" "${PORT:=29500}"
if [[ -z "${PROCESSES:-}" ]]; then
    PROCESSES=$({ nvidia-smi --list-gpus 2>/dev/null || true; } | wc -l)
    PROCESSES=$((PROCESSES > 0 ? PROCESSES : 1))
fi
if [[ "$*" != *run_dir=* ]]; then
    echo "error: run_dir=DIR must be given, so that all processes agree on it and a second start goes on" >&2
    exit 1
fi
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

exec torchrun --nnodes "$NODES" --node-rank "$NODE_RANK" --nproc-per-node "$PROCESSES" \
    --rdzv-backend c10d --rdzv-endpoint "$MASTER:$PORT" --rdzv-id "${RUN_ID:-cgm-train}" \
    --no-python cgm-train "$@"
