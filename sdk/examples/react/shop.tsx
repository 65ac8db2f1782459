import { MillraceProvider, useTrack } from '@millrace/sdk/react';
import { type MouseEvent, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

/** The ingest server's address, which the bundler puts in. */
declare const COLLECTOR: string;

const catalogue = { pages: ['home_page', 'books'], events: ['liked_item', 'clicked_review'] } as const;
const options = { key: 'demo', endpoint: `${COLLECTOR}/v1/events` };

/** The path that is shown. The tracker listens to the history itself, whatever the router. */
function usePath(): [path: string, go: (event: MouseEvent<HTMLAnchorElement>) => void] {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const show = () => setPath(location.pathname);
    addEventListener('popstate', show);
    return () => removeEventListener('popstate', show);
  }, []);
  return [
    path,
    (event) => {
      event.preventDefault();
      history.pushState({}, '', event.currentTarget.href);
      setPath(location.pathname);
    },
  ];
}

function Book({ id, name }: { id: number; name: string }) {
  const track = useTrack<typeof catalogue>();
  const [isLiked, setLiked] = useState(false);
  const like = () => {
    track('liked_item', { item_id: id, item_name: name });
    setLiked(true);
  };
  return (
    <article data-item-id={id}>
      <h1>{name}</h1>
      <button type="button" onClick={like}>
        {isLiked ? 'Liked' : 'Like'}
      </button>
      {/* Without code: the tracker counts the click, and takes the item from the article. */}
      <button type="button" data-track="clicked_review">
        Reviews
      </button>
    </article>
  );
}

function Shop() {
  const [path, go] = usePath();
  return (
    <>
      <title>{path === '/' ? 'Shop' : 'Moby Dick'}</title>
      <nav>
        <a href="/" onClick={go}>
          Home
        </a>{' '}
        <a href="/books/51" onClick={go}>
          Moby Dick
        </a>
      </nav>
      {path === '/' ? <h1>Shop</h1> : <Book id={51} name="Moby Dick" />}
    </>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MillraceProvider options={options}>
      <Shop />
    </MillraceProvider>
  </StrictMode>,
);
