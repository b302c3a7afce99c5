#!/usr/bin/env bash
# cgm-train on the GPUs of several machines under Slurm. A job that is requeued goes on from its newest checkpoint.
#
#   sbatch --nodes=2 --gpus-per-node=8 launch/train_slurm.sh data=DIR model.lm.path=MODEL deepspeed=zero3 run_dir=/shared/run
#
#SBATCH --job-name=cgm-train
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

# Slurm runs a copy of this script; the folder that it was handed in from has the original
folder="${CHECKOUT:-$SLURM_SUBMIT_DIR}/launch"
MASTER=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
PORT=$((10000 + SLURM_JOB_ID % 50000))
export MASTER PORT NODES="$SLURM_JOB_NUM_NODES" RUN_ID="$SLURM_JOB_ID"

# the number of each machine is known only there
exec srun --kill-on-bad-exit=1 bash -c 'NODE_RANK=$SLURM_NODEID exec "$0" "$@"' "$folder/train_torchrun.sh" "$@"
