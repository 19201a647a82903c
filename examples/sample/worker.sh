# Works until it is asked to stop, and then finishes the job that it is at.
trap 'stop=1' TERM
echo "waiting for work"
job=0
while [ -z "$stop" ]; do
  job=$((job + 1))
  echo "job $job begins"
  sleep 2
  echo "$PS has done job $job" >>site/done.txt
  echo "job $job is done"
done
echo "no more work for me"
