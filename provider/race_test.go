package provider_test

import "sync"

// race calls f n times concurrently and returns the results.
func race[T any](n int, f func(i int) T) []T {
	answers := make([]T, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			answers[i] = f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return answers
}
