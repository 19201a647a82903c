# Prepares what the others need, and ends.
for step in 1 2 3; do
  echo "step $step of 3"
  sleep 0.3
done
mkdir -p site
: >site/done.txt
echo '<h1>It works</h1><a href="done.txt">what has been done</a>' >site/index.html
